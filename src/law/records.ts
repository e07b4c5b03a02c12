/** The names of what can stand on record for a site or a camera, and of what can be open there. */
import type { Both } from './clause.ts';

interface Kind {
  readonly name: Both;
  /** Whose register it is in. */
  readonly of: 'site' | 'camera';
}
const site = (en: string, zh: string): Kind => ({ of: 'site', name: { en, zh } });
const camera = (en: string, zh: string): Kind => ({ of: 'camera', name: { en, zh } });

export const recordKinds = {
  // Why a camera is where it is.
  necessity: camera('Why public safety needs this camera', '维护公共安全所必需的说明'),
  proportionality: camera('Why it is reasonable and no more than needed', '合理适度说明'),
  'security-duty-basis': camera('On what the duty to keep this place safe rests', '负有安全防范义务的依据'),
  'privacy-risk-review': camera('Review of what private life it could show', '隐私风险评估'),
  'approved-view': camera('Approved view, as a reference picture', '经批准的画面范围（基准图）'),
  'second-approval': camera('Second approval for a private area', '隐私区域的二次审批'),
  'siting-evaluation': camera('Evaluation of its position', '安装位置评估论证'),
  'security-office-approval': camera("Security office's approval", '保卫部门批准'),
  'neighbour-consent': camera("Protected neighbour's prior consent", '保护单位的事先同意'),
  'sound-basis': camera('Basis for recording sound', '录音依据'),
  sign: camera('Sign: photo, place, day', '提示标识（照片、位置、日期）'),
  'legal-review': camera('Legal review (enforcement)', '法制审核（执法取证）'),
  'technical-review': camera('Technical review (enforcement)', '技术审核（执法取证）'),
  'conformity-certificate': camera('Certificate of conformity of its model', '产品符合强制性标准的证明'),
  /** Its day is the first of the trial: it counts once the period is over. */
  'trial-run': camera('Trial run, from its first day', '试运行（自首日起）'),
  'work-order': camera('Work order with the name of who installed it', '安装派工单（具名）'),
  'person-responsible': camera('Person responsible', '责任人'),
  calibration: camera('Calibration and clock checked', '校准与时间校对'),
  service: camera('Checked and cleaned', '检查、清洁保养'),
  destruction: camera('Certificate of destruction', '安全销毁证明'),
  // The system of a site.
  'place-class-decision': site('Decision on the class of the place', '场所类别认定'),
  'system-description': site('Description of the system', '系统说明'),
  'title-to-place': site('Title to the place and the system', '权属和使用权证明'),
  'siting-checklist': site('Planning, building and environment checked', '规划、建设、环境要求核对表'),
  'coverage-review': site('Review of blind spots and key positions', '覆盖范围与盲区核查'),
  plan: site('Plan approved by the government', '经批准的建设规划'),
  budget: site('Budget line', '经费预算'),
  'key-positions': site('Key positions fixed by the authority', '重点部位确定文件'),
  designation: site('Designation as a place that must have a system', '指定安装文件'),
  'filed-or-approved': site('Approval or filing of the building work', '建设批准或备案'),
  'acceptance-archive': site('Archive of design, building and acceptance', '设计、施工、验收档案'),
  'implementation-plan': site('Implementation plan', '实施方案'),
  'system-test': site('Test of the whole system', '系统测试报告'),
  'interface-test': site('Test of the interface to the command platform', '与指挥平台接口的测试'),
  'level-matrix': site('Who may see what at which level of event', '分级授权表'),
  'integration-act': site('Act of integration by the police', '公安机关整合文件'),
  'procurement-note': site('Note on free choice of products', '采购说明'),
  'outsourcing-agreement': site('Agreement with who operates or maintains it', '安全保密协议'),
  'exit-certificate': site("Contractor's proof that nothing was kept", '承包方无留存证明'),
  // Filing.
  'registration-form': site('Registration form', '备案登记表'),
  'licence-and-code': site('Licence and organisation code', '营业执照及组织机构代码'),
  'builder-qualifications': site("Designer's and builder's qualifications", '设计、施工单位资质'),
  'test-report': site('Test report or expert review', '检测报告或专家论证意见'),
  'acceptance-report': site('Completion and acceptance report', '竣工验收报告'),
  'authorisation-letter': site('Letter of authorisation, sealed', '授权委托书（盖章）'),
  attestation: site('Signed statement that the filing is true', '备案信息真实性声明'),
  'guards-filed': site('Guards filed', '自招保安员备案'),
  'security-staff-filed': site('Security department and staff filed', '治安保卫机构和人员备案'),
  // Telling the public.
  'public-notice': site('Public notice of area and purpose', '监控区域和目的的公示'),
  'full-notice': site('Full notice: who, why, how long, rights', '完整告知（主体、目的、保存期限、权利）'),
  posters: site('Posters at gate and waiting areas', '大门、候车区公告'),
  'government-mark': site('Marking of a government system', '政府系统标识'),
  'published-places': site('Published places of enforcement cameras', '执法设备设置地点公布'),
  'published-rules': site('Published rules of use', '公开的管理规则'),
  'complaint-channel': site('Published channel for complaints', '公布的投诉渠道'),
  'published-report': site('Published report on use', '公开的使用情况报告'),
  // Keeping and operating.
  'hidden-camera-sweep': site('Search for hidden cameras', '偷拍设备排查'),
  'retention-justification': site('Why footage is kept as long as it is', '保存期限的理由'),
  backup: site('Backup', '备份'),
  'restore-test': site('A recording restored and played', '录像恢复与回放检验'),
  'replacement-notice': site('Notice of replaced equipment', '设备更换告知'),
  'destruction-register': site('Register of recordings destroyed', '销毁登记簿'),
  'maintenance-plan': site('Plan of inspection, maintenance and emergencies', '巡检、运维、应急制度'),
  'daily-inspection': site('Inspection of the day', '日常巡检'),
  'failover-test': site('Standby equipment tested', '备用设备切换测试'),
  'emergency-plan': site('Emergency plan', '应急预案'),
  drill: site('Drill', '应急演练'),
  'monitoring-head': site('Head of the monitoring centre', '监控中心负责人'),
  'permission-audit': site('Review of permissions', '权限审计'),
  audit: site('Evaluation and audit, in writing', '评估和审计（书面）'),
  'third-party-review': site('Review by a third party', '第三方审查'),
  'effect-review': site('Yearly review of effect', '年度效果评估'),
  'policy-approval': site("Approval of the unit's own rules", '内部制度审批'),
  'policy-basis': site('Laws on which the own rules rest', '内部制度的法律依据'),
  // Personal information.
  'impact-assessment': site('Impact assessment', '个人信息保护影响评估'),
  'compliance-audit': site('Compliance audit', '合规审计'),
  'privacy-officer': site('Person in charge of personal information', '个人信息保护负责人'),
  'processing-record': site('Record of processing', '处理活动记录'),
  'processor-contract': site('Contract with the processor', '委托处理合同'),
  'prefect-authorisation': site("Prefect's authorisation (France)", '省长许可（法国）'),
} satisfies Record<string, Kind>;

export type RecordKind = keyof typeof recordKinds;
export const isRecordKind = (kind: string): kind is RecordKind => Object.hasOwn(recordKinds, kind);

/** Counted by those who run the system; what nobody counts is not known. */
export const openKinds = {
  'broken-integrity': camera('Segments whose seal or digest does not fit', '完整性校验不符的录像'),
  'missing-footage': camera('Footage missing without a recorded cause', '无记载原因的录像缺失'),
  'short-of-floor': camera('Footage that will be gone before its day', '预计无法保存至法定期限的录像'),
  'kept-too-long': camera('Footage that should be gone', '应删未删的录像'),
  'picture-fault': camera('Dark, blurred, frozen or covered picture', '画面过暗、模糊、冻结或遮挡'),
  'view-moved': camera('View that differs from the approved one', '画面偏离经批准的范围'),
  fault: camera('Device or link that does not work', '设备或链路故障'),
  'low-uptime': camera('Not running round the clock', '未连续运行'),
  'old-software': camera('Old software in the device', '设备软件过旧'),
  'open-advisory': camera('Known weakness not mended', '未修复的已知漏洞'),
  'plain-transport': camera('Video sent unencrypted outside of a trusted network', '在非可信网段明文传输'),
  'plain-volume': site('Volume that is not encrypted', '未加密的存储卷'),
  'unknown-device': site('Device on the network that nobody registered', '网络中未登记的设备'),
  'security-event': site('Security event without an answer', '未处理的安全事件'),
  incident: site('Leak or misuse without an answer', '未处理的泄露、滥用事件'),
  'hold-ending': site('Hold that ends without a decision', '即将到期未作决定的证据保全'),
  retrieval: site('Request of an authority without an answer', '未答复的调取请求'),
  'urgent-retrieval': site('Urgent hand-over whose papers are missing', '紧急调取后未补齐手续'),
  'rights-request': site('Request of a filmed person without an answer', '未答复的个人查阅、删除请求'),
  complaint: site('Complaint without an answer', '未答复的投诉'),
  'illegal-camera-report': site('Report of a forbidden camera without an answer', '未处理的违规安装举报'),
  'emergency-access': site('Emergency access still open after its end', '到期未关闭的应急调阅'),
  'stale-permission': site('Permission not reviewed in time', '逾期未复核的权限'),
  'unvetted-person': site(
    'Person on duty without vetting, confidentiality or training',
    '未完成审查、保密教育、培训的人员',
  ),
  'untrained-person': site('Person whose training or examination is overdue', '培训、考核逾期的人员'),
  'nobody-responsible': site(
    'Device, disk or role without a person responsible',
    '无责任人的设备、硬盘、岗位',
  ),
  unattended: site('Control room left unattended', '监控室无人值守'),
  finding: site('Finding of an audit not settled', '未整改的审计问题'),
  'late-alarm': site('Alarm that came late', '延迟的报警'),
} satisfies Record<string, Kind>;

export type OpenKind = keyof typeof openKinds;
export const isOpenKind = (kind: string): kind is OpenKind => Object.hasOwn(openKinds, kind);
